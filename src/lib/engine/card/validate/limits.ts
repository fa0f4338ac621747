/** What one page may be at most; more is an error of the gate. */
export const limits = {
	/** Characters of the file. */
	size: 256 * 1024,
	/** Objects and arrays in it. */
	nodes: 8_000,
	depth: 48
} as const;
