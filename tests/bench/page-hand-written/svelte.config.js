import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

/** @type {import('@sveltejs/kit').Config} */
export default {
	preprocess: vitePreprocess(),
	compilerOptions: { runes: true },
	kit: {
		// One script for both routes: what is compared is the answering of a page, not its bundling.
		output: { bundleStrategy: 'single' },
		csp: {
			mode: 'nonce',
			directives: { 'default-src': ['self'], 'script-src': ['self'], 'style-src': ['self'] }
		}
	}
};
