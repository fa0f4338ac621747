/** Sizes of the builder's panels in pixels, remembered in this browser. */
export interface PanelSizes {
	readonly tree: number;
	readonly side: number;
	readonly problems: number;
	readonly problemsOpen: boolean;
}

const key = 'loam.builder:sizes';
const usual: PanelSizes = { tree: 232, side: 400, problems: 168, problemsOpen: true };

export function readSizes(): PanelSizes {
	try {
		return { ...usual, ...(JSON.parse(localStorage.getItem(key) ?? '{}') as Partial<PanelSizes>) };
	} catch {
		return usual;
	}
}

export function writeSizes(sizes: PanelSizes): void {
	try {
		localStorage.setItem(key, JSON.stringify(sizes));
	} catch {
		// The sizes are as usual next time.
	}
}
