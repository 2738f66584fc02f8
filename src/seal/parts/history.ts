import { inHomes, removals, traitsOf } from '../home-files.ts';
import type { SealPart } from '../part.ts';

/** What shells, clients and editors note down of what was typed, and of which hosts were visited. */
const HISTORIES = [
  '.bash_history',
  '.ash_history',
  '.sh_history',
  '.ksh_history',
  '.history',
  '.histfile',
  '.zsh_history',
  '.zhistory',
  '.python_history',
  '.node_repl_history',
  '.irb_history',
  '.mysql_history',
  '.mariadb_history',
  '.psql_history',
  '.sqlite_history',
  '.rediscli_history',
  '.dbshell',
  '.mongodb/mongosh/mongosh_history',
  '.cassandra/cqlsh_history',
  '.php_history',
  '.Rhistory',
  '.gdb_history',
  '.lesshst',
  '.viminfo',
  '.wget-hsts',
  '.local/share/fish/fish_history',
  '.local/share/powershell/PSReadLine/ConsoleHost_history.txt',
  '.local/share/nano/search_history',
  '.local/share/mc/history',
  '.local/share/nvim/shada',
  '.local/state/nvim/shada',
  '.local/state/lesshst',
  '.local/state/bash/history',
  '.ssh/known_hosts',
  '.ssh/known_hosts.old',
];

export const history: SealPart = {
  name: 'history',
  what: 'histories of shells and clients',
  find: (view) => traitsOf(inHomes(view, HISTORIES), 'warning', 'a history'),
  seal: (view) => removals(inHomes(view, HISTORIES)),
};
