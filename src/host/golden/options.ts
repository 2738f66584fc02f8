/** Options of `create`, as commander gives them. */
export interface CreateOptions {
  from?: string;
  suite: string;
  packages: string[];
  removePackages: string[];
  source: string[];
  script?: string;
  toolkit?: string;
  check?: string;
  size: string;
  memory: number;
  cpus: number;
  workDirectory: string;
  readyTimeout: number;
}

export interface UpdateOptions {
  all?: boolean;
  recursive?: boolean;
  check?: string;
  readyTimeout: number;
  workDirectory: string;
}
