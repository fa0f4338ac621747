/** Names on the wire. */
export const headers = {
	project: 'loam-project',
	release: 'loam-release',
	txid: 'loam-txid'
} as const;

/** Bytes of one request; modules get less than the platform's own services, which take whole modules. */
export const limits = { platform: 8 * 1024 * 1024, module: 1024 * 1024, timeoutMs: 60_000 };

/** Package of the platform's own services. No module has it. */
export const platformPackage = 'loam.v1';

export interface Procedure {
	/** `/tickets.Desk/OpenTicket` */
	readonly path: string;
	/** `tickets.Desk` */
	readonly service: string;
	/** `tickets` */
	readonly package: string;
	readonly method: string;
}

const pattern = /^\/((?:[A-Za-z_]\w*\.)+[A-Za-z_]\w*)\/([A-Za-z_]\w*)$/;

/** The procedure that an address names; undefined where it isn't of that form. */
export function procedureOf(url: string | undefined): Procedure | undefined {
	const path = (url ?? '').split('?', 1)[0]!;
	const match = pattern.exec(path);
	if (!match) return undefined;
	const [, service, method] = match as unknown as [string, string, string];
	return { path, service, package: service.slice(0, service.lastIndexOf('.')), method };
}
