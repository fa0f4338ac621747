import { browser } from '$app/environment';
import type { PageLoad } from './$types';

/**
 * Monaco's inline styles are allowed to this page alone, and a policy belongs to the document: coming from
 * another screen without a reload, the browser is sent here anew.
 */
export const load: PageLoad = ({ data, url }) => {
	if (browser && !isOwnDocument()) {
		location.assign(url);
		return new Promise<never>(() => {});
	}
	return data;
};

function isOwnDocument(): boolean {
	const [document] = performance.getEntriesByType('navigation');
	return document !== undefined && /^\/[^/]+\/[^/]+\/build\/[^/]+/.test(new URL(document.name).pathname);
}
