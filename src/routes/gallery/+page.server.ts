import { dev } from '$app/environment';
import { error } from '@sveltejs/kit';
import type { PageServerLoad } from './$types';
import { samples } from './samples';

/** Every element over made-up rows that change: for looking at them while developing. */
export const load: PageServerLoad = () => {
	if (!dev && process.env['LOAM_GALLERY'] !== '1') error(404);
	return { samples, now: new Date().toISOString() };
};
