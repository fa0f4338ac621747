import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig } from 'vite';

/** Two pages of one Kit app: out of a card, and by hand. */
export default defineConfig({ plugins: [sveltekit()], logLevel: 'error' });
