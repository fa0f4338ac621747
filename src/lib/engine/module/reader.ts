/**
 * Readers of JSON by hand-written shapes: each gives the value, or reports where it is wrong and gives
 * undefined, so that one pass finds every mistake of a file.
 */
import { nearest } from '#kernel';
import { report, type JsonFile, type JsonNode } from './json.ts';

export interface Property {
	readonly key: string;
	readonly keyNode: JsonNode;
	readonly node: JsonNode;
}

/** The properties of an object; reports anything else. */
export function properties(json: JsonFile, node: JsonNode, what: string): Property[] {
	if (node.type !== 'object') {
		report(json, node, 'JSON_TYPE', `${what} must be an object.`, 'Write it as { … }.');
		return [];
	}
	return (node.children ?? []).flatMap((property) => {
		const [keyNode, value] = property.children ?? [];
		return keyNode && value ? [{ key: String(keyNode.value), keyNode, node: value }] : [];
	});
}

/** The known properties of an object by name; reports unknown ones and missing ones. */
export function fields<const K extends string>(
	json: JsonFile,
	node: JsonNode,
	what: string,
	known: readonly K[],
	required: readonly NoInfer<K>[] = []
): Partial<Record<K, JsonNode>> {
	const found: Partial<Record<K, JsonNode>> = {};
	for (const { key, keyNode, node: value } of properties(json, node, what)) {
		if ((known as readonly string[]).includes(key)) found[key as K] = value;
		else unknownKey(json, keyNode, what, key, known);
	}
	if (node.type !== 'object') return found;
	for (const key of required) {
		if (!found[key]) report(json, node, 'JSON_MISSING_KEY', `${what} needs "${key}".`, `Add "${key}": …`);
	}
	return found;
}

function unknownKey(
	json: JsonFile,
	node: JsonNode,
	what: string,
	key: string,
	known: readonly string[]
): void {
	const near = nearest(key, known);
	const list = `${what} has: ${known.join(', ')}.`;
	report(
		json,
		node,
		'JSON_UNKNOWN_KEY',
		`${what} has no "${key}".`,
		near ? `Did you mean "${near}"? ${list}` : list
	);
}

export function text(
	json: JsonFile,
	node: JsonNode | undefined,
	what: string,
	max = 10_000
): string | undefined {
	if (!node) return undefined;
	if (node.type !== 'string') {
		report(json, node, 'JSON_TYPE', `${what} must be a text.`, 'Write it in double quotes.');
		return undefined;
	}
	const value = node.value as string;
	if (value.length <= max) return value;
	report(json, node, 'JSON_TOO_LONG', `${what} has ${value.length} characters; at most ${max} are allowed.`);
	return undefined;
}

export function flag(json: JsonFile, node: JsonNode | undefined, what: string): boolean | undefined {
	if (!node || node.type === 'boolean') return node?.value as boolean | undefined;
	report(json, node, 'JSON_TYPE', `${what} must be true or false.`);
	return undefined;
}

/** A whole number within bounds. */
export function count(
	json: JsonFile,
	node: JsonNode | undefined,
	what: string,
	[low, high]: readonly [number, number]
): number | undefined {
	if (!node) return undefined;
	const value: unknown = node.type === 'number' ? node.value : undefined;
	if (typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high) return value;
	report(json, node, 'JSON_TYPE', `${what} must be a whole number from ${low} to ${high}.`);
	return undefined;
}

/** The elements of a list; reports anything else. */
export function items(json: JsonFile, node: JsonNode | undefined, what: string): readonly JsonNode[] {
	if (!node) return [];
	if (node.type === 'array') return node.children ?? [];
	report(json, node, 'JSON_TYPE', `${what} must be a list.`, 'Write it as [ … ].');
	return [];
}

export function texts(json: JsonFile, node: JsonNode | undefined, what: string): string[] {
	return items(json, node, what).flatMap((item) => text(json, item, `Each of ${what}`) ?? []);
}
