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

/** Props that a test can change. */
export function reactive<T extends object>(props: T): T {
	let state = $state.raw(props);
	return new Proxy(props, {
		get: (_, name) => state[name as keyof T],
		set: (_, name, value) => {
			state = { ...state, [name]: value };
			return true;
		}
	});
}
