/**
 * What the default user of cloud images may do (cloud-init, config/cloud.cfg.tmpl): it has no password that sudo(8) could ask
 * for, and root has no keys.
 */
export const DEFAULT_USER_SUDO: readonly string[] = ['ALL=(ALL) NOPASSWD:ALL'];
