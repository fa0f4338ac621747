/** Which files are open, remembered for the next visit. */
export interface OpenTabs {
	readonly tabs: readonly string[];
	readonly active: string | undefined;
}

const keyOf = (draft: string) => `loam.builder:${draft}:tabs`;

export function readOpenTabs(draft: string): OpenTabs {
	try {
		const { tabs, active } = JSON.parse(localStorage.getItem(keyOf(draft)) ?? '{}') as Partial<OpenTabs>;
		return { tabs: Array.isArray(tabs) ? tabs : [], active };
	} catch {
		return { tabs: [], active: undefined };
	}
}

export function writeOpenTabs(draft: string, open: OpenTabs): void {
	try {
		localStorage.setItem(keyOf(draft), JSON.stringify(open));
	} catch {
		// A full storage forgets the tabs, nothing else.
	}
}
