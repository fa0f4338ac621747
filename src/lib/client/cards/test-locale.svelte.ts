import type { Locale } from '#engine/card';

/** A reader whose zone becomes known, as after the first visit of a browser. */
export class SvelteLocale implements Locale {
	readonly language: string;
	zone: string | undefined = $state();

	constructor(language: string, zone: string | undefined) {
		this.language = language;
		this.zone = zone;
	}
}
