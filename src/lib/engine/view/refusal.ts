import { positionAt, type Diagnostic } from '#kernel';
import type { ParsedSql } from '#engine/sql';

/** Thrown within the planner where a view cannot be planned; `planView` makes it a Diagnostic. */
export class Refusal extends Error {
	override readonly name = 'Refusal';
	/** Location in the tree: a byte offset. */
	readonly at: number | undefined;
	readonly reason: string;
	readonly hint: string;

	constructor(at: number | undefined, reason: string, message: string, hint: string) {
		super(message);
		this.at = at;
		this.reason = reason;
		this.hint = hint;
	}
}

export function refuse(at: number | undefined, reason: string, message: string, hint: string): never {
	throw new Refusal(at, reason, message, hint);
}

/** Sound SQL that views do not keep yet. */
export function notYet(at: number | undefined, what: string, hint: string): never {
	throw new Refusal(at, 'VIEW_NOT_YET', `A view cannot have ${what} yet.`, hint);
}

export function diagnosticOf(file: string, parsed: ParsedSql, refusal: Refusal): Diagnostic {
	return {
		severity: 'error',
		file,
		...positionAt(parsed.text, parsed.offsetOf(refusal.at)),
		reason: refusal.reason,
		message: refusal.message,
		hint: refusal.hint
	};
}

/** What is read; where that meets a name that is not known there, what else is. */
export function unlessUnknown<T>(read: () => T, otherwise: () => T): T {
	try {
		return read();
	} catch (error) {
		if (error instanceof Refusal && /^VIEW_UNKNOWN_(TABLE|COLUMN)$/.test(error.reason)) return otherwise();
		throw error;
	}
}
