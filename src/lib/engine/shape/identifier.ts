const quoted = /^"((?:[^"]|"")+)"$/;
const bare = /^[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*$/;

/** A name of SQL: quoted as it is, bare folded to lower case; undefined where it is none. */
export function parseIdentifier(text: string): string | undefined {
	const match = quoted.exec(text);
	if (match) return match[1]!.replaceAll('""', '"');
	return bare.test(text) ? text.toLowerCase() : undefined;
}

/** Cuts at a separator, but not inside of double quotes; what is around the parts is cut off. */
export function splitOutsideQuotes(text: string, separator: ',' | '.'): string[] {
	const parts = [''];
	let isQuoted = false;
	for (const character of text) {
		if (character === '"') isQuoted = !isQuoted;
		if (character === separator && !isQuoted) parts.push('');
		else parts[parts.length - 1] += character;
	}
	return parts.map((part) => part.trim());
}
