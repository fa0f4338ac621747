// What the foreign suite wants of the package `cache-control-parser`.

/** Directives by name: a number where they have one, else true. */
export function parse(header: string): Record<string, number | true> {
	return Object.fromEntries(
		header.split(',').map((part) => {
			const [name = '', value] = part.trim().split('=');
			return [name, value === undefined ? true : Number(value)];
		})
	);
}
