export const fixedEnvironment: Record<string, string>;
export function train(name: 'gandi' | 'gandi-host', program: string, folder: string): Promise<string[]>;
