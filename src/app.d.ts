import type { Principal } from '#core/identity';
import type { Services } from './lib/server/boot/services.ts';

declare global {
	namespace App {
		interface Locals {
			/** The running services. */
			loam: Services;
			/** Who asks; undefined without a session. */
			principal: Principal | undefined;
		}
		interface Error {
			message: string;
			/** Stable, for translations. */
			reason?: string;
			/** What to do next. */
			hint?: string;
		}
	}
}

export {};
