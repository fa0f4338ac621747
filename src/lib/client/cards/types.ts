import type { Json } from '#kernel';
import type { Locale } from '#engine/card';

/** What a card asks of the page that shows it. */
export interface CardHost {
	/** `$host` of the template language; the browser's own where it is left out. */
	readonly locale?: Locale;
	/** Address of a link of the card, as it stands in `href`: relative ones are resolved. */
	href(url: string): string;
	/** Calls a command; rejects with an Error whose message is for people. */
	run(call: CommandCall): Promise<Json>;
	/** Follows an address after a command. */
	open(url: string): void;
	notify(kind: 'good' | 'danger' | 'info', message: string): void;
}

export interface CommandCall {
	readonly verb: string;
	/** Data of the action and values of the inputs. */
	readonly request: Readonly<Record<string, Json>>;
}
