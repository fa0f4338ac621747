import { builderOf } from './builder.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => ({
	...(await builderOf(event)),
	template: event.url.searchParams.get('template') ?? undefined
});
