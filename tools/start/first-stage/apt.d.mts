export function aptCommand(name: string): string;
export function canInstall(): boolean;
export function installPackage(name: string): boolean;
