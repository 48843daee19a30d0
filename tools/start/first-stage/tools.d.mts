export function findTool(name: string, searchPath?: string): string | undefined;
