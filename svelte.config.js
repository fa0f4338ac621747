import adapter from '@sveltejs/adapter-node';
import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

/** @type {import('@sveltejs/kit').Config} */
export default {
	preprocess: vitePreprocess(),
	compilerOptions: { runes: true },
	kit: {
		adapter: adapter({ out: 'build' }),
		csp: {
			mode: 'nonce',
			directives: {
				'default-src': ['self'],
				'script-src': ['self'],
				// the hash is of Kit's own announcer of page changes, which hides itself by a style attribute
				'style-src': ['self', 'unsafe-hashes', 'sha256-S8qMpvofolR8Mpjy4kQvEm7m1q8clzU4dfDH0AmvZjo='],
				'img-src': ['self', 'data:', 'https:'],
				'connect-src': ['self'],
				'object-src': ['none'],
				'base-uri': ['none'],
				'frame-ancestors': ['self'],
				'form-action': ['self']
			}
		},
		csrf: { trustedOrigins: [] },
		typescript: {
			config: (config) => {
				config.include.push('../sandbox/**/*.ts', '../tests/**/*.ts', '../modules/**/*.test.ts');
				return config;
			}
		}
	}
};
