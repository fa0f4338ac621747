import { sveltekit } from '@sveltejs/kit/vite';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig, type Plugin } from 'vite';

/** `npm run dev`: the house runs inside Vite's server, so the screens reload while everything else is real. */
function house(): Plugin {
	return {
		name: 'loam-house',
		apply: 'serve',
		async configureServer(server) {
			// Native to Node, outside Vite's module graph: the one copy that runs.
			const entry = new URL('./src/lib/server/boot/dev.ts', import.meta.url).href;
			const { openHouse } = (await import(
				/* @vite-ignore */ entry
			)) as typeof import('./src/lib/server/boot/dev.ts');
			await openHouse(server);
		}
	};
}

export default defineConfig(({ command, mode }) => ({
	plugins: [tailwindcss(), sveltekit(), ...(command === 'serve' && mode !== 'test' ? [house()] : [])],
	build: { target: 'es2023' },
	worker: { format: 'es' }
}));
