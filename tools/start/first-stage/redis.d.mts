export function howToInstallRedis(): string;
export function installRedis(say: (line: string) => void): void;
