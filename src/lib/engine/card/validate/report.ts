import { positionAt, type Diagnostic } from '#kernel';
import type { Node } from 'jsonc-parser';

/** Collects diagnostics with the places of JSON nodes. */
export class Report {
	readonly diagnostics: Diagnostic[] = [];
	readonly #file: string;
	readonly #text: string;

	constructor(file: string, text: string) {
		this.#file = file;
		this.#text = text;
	}

	error(node: Node, reason: string, message: string, hint?: string): void {
		this.at('error', node.offset, node.length, reason, message, hint);
	}

	warning(node: Node, reason: string, message: string, hint?: string): void {
		this.at('warning', node.offset, node.length, reason, message, hint);
	}

	at(
		severity: Diagnostic['severity'],
		offset: number,
		length: number,
		reason: string,
		message: string,
		hint?: string
	): void {
		const [start, end] = [positionAt(this.#text, offset), positionAt(this.#text, offset + length)];
		this.diagnostics.push({
			severity,
			file: this.#file,
			line: start.line,
			column: start.column,
			endLine: end.line,
			endColumn: end.column,
			reason,
			message,
			...(hint === undefined ? {} : { hint })
		});
	}
}
