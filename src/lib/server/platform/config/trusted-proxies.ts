import { BlockList, isIP } from 'node:net';
import { errors } from './errors.ts';

/** The reverse proxies whose word is taken for where a request comes from. */
export interface TrustedProxies {
	/**
	 * The visitor's address: the one that connected, or, where that is a trusted proxy, the nearest in its
	 * `X-Forwarded-For` that is none. What a visitor writes there by themselves is never reached.
	 */
	visitor(connected: string, forwardedFor: string | undefined | null): string;
}

const variable = 'LOAM_TRUSTED_PROXY';

/** Addresses and networks, by commas: `127.0.0.1, 10.0.0.0/8`. Throws CONFIG_INVALID. */
export function readTrustedProxies(text: string | undefined): TrustedProxies {
	const known = new BlockList();
	const entries = (text ?? '')
		.split(',')
		.map((entry) => entry.trim())
		.filter((entry) => entry !== '');
	for (const entry of entries) trust(known, entry);
	const isTrusted = (address: string) => {
		const family = isIP(address);
		return family !== 0 && known.check(address, family === 4 ? 'ipv4' : 'ipv6');
	};
	return {
		visitor(connected, forwardedFor) {
			if (!forwardedFor || !isTrusted(connected)) return connected;
			let nearest = connected;
			for (const hop of forwardedFor.split(',').reverse()) {
				const address = bare(hop);
				if (address === undefined) return nearest;
				nearest = address;
				if (!isTrusted(address)) return address;
			}
			return nearest;
		}
	};
}

function trust(known: BlockList, entry: string): void {
	const [address = '', bits, rest] = entry.split('/');
	const family = isIP(address);
	const longest = family === 4 ? 32 : 128;
	const prefix = bits === undefined ? longest : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
	if (family === 0 || rest !== undefined || prefix < 0 || prefix > longest) {
		throw errors.CONFIG_INVALID(
			`${variable} takes addresses and networks by commas, for example 127.0.0.1, 10.0.0.0/8; "${entry}" is none.`,
			{ variable }
		);
	}
	known.addSubnet(address, prefix, family === 4 ? 'ipv4' : 'ipv6');
}

/** Some proxies add the port: `203.0.113.7:4711`, `[2001:db8::1]:4711`. Undefined for what is no address. */
function bare(hop: string): string | undefined {
	const text = hop.trim();
	const address = /^\[(.+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
	return isIP(address) === 0 ? undefined : address;
}
