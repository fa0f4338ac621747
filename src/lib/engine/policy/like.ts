/** LIKE and ILIKE as Postgres has them: the whole text, `%`, `_` for one code point, backslash to escape. */

/** ILIKE lowers by Unicode's simple mapping, code point by code point: collation `pg_c_utf8`. */
export function likeMatcher(pattern: string, ignoreCase: boolean): (text: string) => boolean {
	const parts: string[] = [];
	const points = Array.from(ignoreCase ? lower(pattern) : pattern);
	for (let i = 0; i < points.length; i++) {
		const point = points[i]!;
		if (point === '%') parts.push('[^]*');
		else if (point === '_') parts.push('[^]');
		else parts.push(literal(point === '\\' ? points[++i]! : point));
	}
	const collapsed = parts.filter((part, i) => part !== '[^]*' || parts[i - 1] !== '[^]*');
	const expression = new RegExp(`^${collapsed.join('')}$`, 'u');
	return ignoreCase ? (text) => expression.test(lower(text)) : (text) => expression.test(text);
}

/** Whether the pattern ends in a lone backslash, which Postgres refuses. */
export function endsInEscape(pattern: string): boolean {
	return (/\\*$/.exec(pattern)![0].length & 1) === 1;
}

function literal(point: string): string {
	return point.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&');
}

function lower(text: string): string {
	let result = '';
	for (const point of text) {
		// the one code point whose full mapping is longer than its simple one
		result += point === '\u0130' ? 'i' : point.toLowerCase();
	}
	return result;
}
