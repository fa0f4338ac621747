import { positionAt, type Diagnostic } from '#kernel';
import type { ParsedSql } from './parse.ts';

/** Collects what a guard refuses, each with its place in the file. */
export interface Findings {
	readonly list: Diagnostic[];
	/** `location` is the parser's; undefined: the place last seen on the way down. */
	refuse(location: number | undefined, reason: string, message: string, hint?: string): void;
	/** Remembers a place for nodes that have none of their own. */
	passing(location: number | undefined): void;
}

export function collectFindings(parsed: ParsedSql, file: string): Findings {
	const list: Diagnostic[] = [];
	let last = 0;
	return {
		list,
		passing(location) {
			if (location !== undefined && location >= 0) last = location;
		},
		refuse(location, reason, message, hint) {
			const offset = parsed.offsetOf(location === undefined || location < 0 ? last : location);
			list.push({
				severity: 'error',
				file,
				...positionAt(parsed.text, offset),
				reason,
				message,
				...(hint === undefined ? {} : { hint })
			});
		}
	};
}
