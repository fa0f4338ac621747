/** What goes to the worker that checks types, and what comes back. */
export interface TypesRequest {
	readonly id: number;
	/** Whose program may be used again. */
	readonly key: string;
	/** Path to text: the files of logic/. */
	readonly files: Readonly<Record<string, string>>;
	/** `declare module 'loam' { … }` */
	readonly sdk: string;
	/** Files whose default export runs a method. */
	readonly handlers: readonly string[];
	/** The SDK knows no messages and rows (`looseSdkTypes`): what depends on them is not found. */
	readonly loose: boolean;
}

export interface TypesResponse {
	readonly id: number;
	readonly findings: readonly TypeFinding[];
}

export interface TypeFinding {
	readonly file: string;
	readonly line: number;
	readonly column: number;
	readonly endLine: number;
	readonly endColumn: number;
	/** TypeScript's number. */
	readonly code: number;
	readonly message: string;
}
