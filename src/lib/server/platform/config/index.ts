import { defineRoom } from '#kernel';
import { readConfig, type Config } from './config.ts';

export { readConfig, type Config };

export const config = defineRoom<Config>({
	name: 'platform/config',
	start: () => readConfig(process.env, process.cwd())
});
