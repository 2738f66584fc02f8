export const fixedEnvironment: Record<string, string>;
export function train(program: string, folder: string): Promise<string[]>;
