export function checkNode(version?: string): void;
export function dependenciesAreCurrent(root: string): boolean;
export function node24(root: string): string;
export function installDependencies(root: string, say: (line: string) => void): void;
