import {
	createScanner,
	findNodeAtLocation,
	parseTree,
	printParseErrorCode,
	type Node,
	type ParseError
} from 'jsonc-parser';
import { positionAt, type Diagnostic, type Json } from '#kernel';

export type JsonNode = Node;

/** Where a piece of a text stands, as a Diagnostic says it. */
export type Span = Pick<Diagnostic, 'line' | 'column' | 'endLine' | 'endColumn'>;

export function spanOf(text: string, offset: number, length: number): Span {
	const from = positionAt(text, offset);
	const to = positionAt(text, offset + length);
	return { line: from.line, column: from.column, endLine: to.line, endColumn: to.column };
}

/** A JSON file being read: what is found in it goes into `found`. */
export interface JsonFile {
	readonly file: string;
	readonly text: string;
	/** Absent where the text is no JSON. */
	readonly root: JsonNode | undefined;
	readonly found: Diagnostic[];
}

/** Parses strict JSON: no comments, no trailing commas, no key twice. */
export function openJson(file: string, text: string): JsonFile {
	const deep = tooDeepAt(text);
	if (deep !== undefined) return { file, text, root: undefined, found: [tooDeep(file, text, deep)] };
	const errors: ParseError[] = [];
	const root = parseTree(text, errors, { disallowComments: true, allowTrailingComma: false });
	const found = firstOfLines(errors.map((error) => syntaxError(file, text, error))).slice(0, 5);
	if (root) found.push(...duplicateKeys(file, text, root));
	return { file, text, root: errors.length === 0 ? root : undefined, found };
}

/** What a parser stumbles over once it has lost its way tells no more. */
function firstOfLines(found: readonly Diagnostic[]): Diagnostic[] {
	const lines = new Set<number>();
	return found.filter(({ line }) => !lines.has(line) && lines.add(line));
}

const deepest = 200;

/** Parsing is recursive, so depth is measured before it: the offset where it is too much. */
function tooDeepAt(text: string): number | undefined {
	const scanner = createScanner(text, true);
	let depth = 0;
	// 1 to 4: the brackets; 17: the end.
	for (let token: number = scanner.scan(); token !== 17; token = scanner.scan()) {
		if (token === 1 || token === 3) depth++;
		if (token === 2 || token === 4) depth--;
		if (depth > deepest) return scanner.getTokenOffset();
	}
	return undefined;
}

function tooDeep(file: string, text: string, offset: number): Diagnostic {
	return {
		severity: 'error',
		file,
		...spanOf(text, offset, 1),
		reason: 'JSON_TOO_DEEP',
		message: `Lists and objects are nested deeper than ${deepest} levels.`,
		hint: 'Make it flatter.'
	};
}

export function report(json: JsonFile, node: JsonNode, reason: string, message: string, hint?: string): void {
	json.found.push({
		severity: 'error',
		file: json.file,
		...spanOf(json.text, node.offset, node.length),
		reason,
		message,
		...(hint === undefined ? {} : { hint })
	});
}

/**
 * Where the value at a path of a JSON text stands; `key` tells the property's name instead. Falls back to
 * the nearest parent that is there.
 */
export function locate(
	text: string,
	path: readonly (string | number)[],
	part: 'value' | 'key' = 'value'
): Span {
	const root = parseTree(text);
	for (let depth = path.length; root && depth >= 0; depth--) {
		const node = findNodeAtLocation(root, path.slice(0, depth));
		if (!node) continue;
		const isKey = part === 'key' && depth === path.length && node.parent?.type === 'property';
		const shown = isKey ? node.parent!.children![0]! : node;
		return spanOf(text, shown.offset, shown.length);
	}
	return { line: 1, column: 1 };
}

/** A node's value as plain data. */
export function valueOf(node: JsonNode): Json {
	switch (node.type) {
		case 'object':
			return Object.fromEntries(
				(node.children ?? []).flatMap((property) => {
					const [key, value] = property.children ?? [];
					return key && value ? [[key.value as string, valueOf(value)]] : [];
				})
			);
		case 'array':
			return (node.children ?? []).map(valueOf);
		default:
			return node.value as Json;
	}
}

const syntaxHints: Readonly<Record<string, string>> = {
	InvalidSymbol: 'Names and texts stand in double quotes; bare are numbers, true, false and null.',
	PropertyNameExpected: 'A name in double quotes is needed here; there is no comma before a closing brace.',
	ValueExpected: 'A value is needed here; there is no comma before a closing bracket.',
	CloseBraceExpected: 'Close the object with }.',
	CloseBracketExpected: 'Close the list with ].',
	InvalidCommentToken: 'JSON has no comments: remove it.',
	EndOfFileExpected: 'One value a file: remove what follows it.',
	UnexpectedEndOfString: 'Close the text with a double quote.'
};

function syntaxError(file: string, text: string, error: ParseError): Diagnostic {
	const code = printParseErrorCode(error.error);
	if (code === 'CommaExpected') return commaMissing(file, text, error.offset);
	const words = code.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
	const hint = syntaxHints[code];
	return {
		severity: 'error',
		file,
		...spanOf(text, error.offset, Math.max(error.length, 1)),
		reason: 'JSON_SYNTAX',
		message: `This is not JSON: ${words}.`,
		...(hint === undefined ? {} : { hint })
	};
}

/** Told where it is missing, which the parser sees at what comes after it. */
function commaMissing(file: string, text: string, offset: number): Diagnostic {
	const end = text.slice(0, offset).trimEnd().length;
	const span = spanOf(text, Math.max(0, end - 1), 1);
	const isLineEnd = span.line < positionAt(text, offset).line;
	return {
		severity: 'error',
		file,
		...span,
		reason: 'JSON_SYNTAX',
		message: `A comma is missing ${isLineEnd ? 'at the end of this line' : 'here'}.`,
		hint: 'Put a comma between the two.'
	};
}

function duplicateKeys(file: string, text: string, node: JsonNode): Diagnostic[] {
	const found: Diagnostic[] = [];
	const seen = new Set<string>();
	for (const child of node.children ?? []) {
		const key = node.type === 'object' ? child.children?.[0] : undefined;
		if (key && seen.has(key.value as string)) {
			found.push({
				severity: 'error',
				file,
				...spanOf(text, key.offset, key.length),
				reason: 'JSON_DUPLICATE_KEY',
				message: `"${String(key.value)}" is here twice.`,
				hint: 'Keep one of the two.'
			});
		}
		if (key) seen.add(key.value as string);
		found.push(...duplicateKeys(file, text, child));
	}
	return found;
}
