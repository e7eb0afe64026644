/** The release of eksctl whose behaviour this edition follows, marked as ours. */
export const VERSION = '0.221.0-drydock'
