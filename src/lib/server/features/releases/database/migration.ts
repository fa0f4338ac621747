/** One file of migrations/, in the order in which they run. */
export interface Migration {
	readonly file: string;
	readonly sql: string;
	/** SHA-256 of the text, hex. */
	readonly sha256: string;
}
