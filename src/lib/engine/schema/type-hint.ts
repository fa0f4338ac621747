/** What to do about a finding of TypeScript in logic/, by its code; undefined where its own words are enough. */
export function typeHint(code: number): string | undefined {
	switch (code) {
		case 2307:
			return "A handler imports types from 'loam' and other files of logic/, and nothing else.";
		case 2304:
		case 2580:
		case 2583:
		case 2584:
		case 2591:
			return 'A handler has the language itself, `loam` and other files of logic/; there is no DOM and no Node.';
		case 2339:
			return 'Names come from schema.proto; look there, or press Ctrl+Space.';
		case 1192:
		case 2613:
			return 'Write: export default async function (request, loam) { … }';
		default:
			return undefined;
	}
}
