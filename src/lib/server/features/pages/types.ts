import type { Locale } from '#engine/card';
import type { Principal, Roles } from '#core/identity';
import type { Installation } from '#core/tenancy';

export interface PageRequest {
	readonly installation: Installation;
	/** Path after the module, decoded: `['tickets', '0192…']`. */
	readonly segments: readonly string[];
	readonly query: Readonly<Record<string, string>>;
	readonly principal: Principal | undefined;
	readonly roles: Roles;
	readonly locale: Locale;
}

/** A module as the shell shows it. */
export interface ModuleEntry {
	readonly name: string;
	readonly title: string;
	readonly icon: string | undefined;
	readonly description: string | undefined;
	/** Screens in the bar: those that the viewer may open. */
	readonly tabs: readonly {
		readonly title: string;
		readonly page: string;
		readonly icon: string | undefined;
	}[];
}
