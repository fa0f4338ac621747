import { noLocale, type Locale } from '#engine/card';
import { browserZone } from '#client/ui';
import { onServer } from './on-server.ts';

/** What the browser says of its reader; on the server nothing is known. */
export function browserLocale(): Locale {
	return onServer ? noLocale : { language: navigator.language, zone: browserZone() };
}
