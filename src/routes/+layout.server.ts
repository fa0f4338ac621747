import { parseTheme, themeCookie } from '#client/ui';
import { localeOf } from './locale.ts';
import type { LayoutServerLoad } from './$types';

export const load: LayoutServerLoad = ({ request, cookies, locals }) => ({
	theme: parseTheme(cookies.get(themeCookie)),
	locale: localeOf({ request, cookies }),
	user: locals.principal && { name: locals.principal.name, email: locals.principal.email }
});
