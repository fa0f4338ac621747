/** JSON whose numbers keep their digits: they come as text. Throws where it is none. */
export function parseExactJson(text: string): unknown {
	const exact = (_key: string, value: unknown, context?: { readonly source?: string }) =>
		typeof value === 'number' ? (context?.source ?? String(value)) : value;
	return JSON.parse(text, exact);
}
