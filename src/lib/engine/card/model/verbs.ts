import type { Json } from '#kernel';
import { isObject } from './json.ts';

/** The commands that a card's actions call, without repetition; a verb made of data isn't among them. */
export function verbsOf(card: Json): string[] {
	const verbs = new Set<string>();
	visit(card, verbs);
	return [...verbs];
}

function visit(json: Json, verbs: Set<string>): void {
	if (Array.isArray(json)) for (const item of json as readonly Json[]) visit(item, verbs);
	if (!isObject(json)) return;
	const data = json['data'];
	const verb =
		json['type'] === 'Action.Execute'
			? json['verb']
			: json['type'] === 'Action.Submit' && isObject(data)
				? data['verb']
				: undefined;
	if (typeof verb === 'string' && !verb.includes('${')) verbs.add(verb);
	for (const value of Object.values(json)) visit(value, verbs);
}
