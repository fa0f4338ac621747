import type { RequestEvent } from '@sveltejs/kit';
import { parseLanguage, parseZone, type Locale } from '#engine/card';
import { zoneCookie } from '#client/ui';

/** Of the person who looks at the screen: the language as the browser asks for it, the zone as it told before. */
export function localeOf({ request, cookies }: Pick<RequestEvent, 'request' | 'cookies'>): Locale {
	return {
		language: parseLanguage(request.headers.get('accept-language')),
		zone: parseZone(cookies.get(zoneCookie))
	};
}
