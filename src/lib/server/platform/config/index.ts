import { defineRoom } from '#kernel';
import { readConfig, type Config } from './config.ts';

export { readConfig, type Config };
export { readTrustedProxies, type TrustedProxies } from './trusted-proxies.ts';

export const config = defineRoom<Config>({
	name: 'platform/config',
	start: () => readConfig(process.env, process.cwd())
});
