import { parseTheme, themeCookie } from '#client/ui';
import type { LayoutServerLoad } from './$types';

export const load: LayoutServerLoad = ({ cookies, locals }) => ({
	theme: parseTheme(cookies.get(themeCookie)),
	user: locals.principal && { name: locals.principal.name, email: locals.principal.email }
});
