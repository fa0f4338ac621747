import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

/** @type {import('@sveltejs/kit').Config} */
export default {
	preprocess: vitePreprocess(),
	compilerOptions: { runes: true },
	kit: {
		csp: {
			mode: 'nonce',
			directives: { 'default-src': ['self'], 'script-src': ['self'], 'style-src': ['self'] }
		}
	}
};
