import { mount, unmount, flushSync } from 'svelte';
import type { Json } from '#kernel';
import type { Locale } from '#engine/card';
import CardView from './CardView.svelte';
import { reactive } from './test-state.svelte.ts';
import type { CardHost, CommandCall } from './types.ts';

/** A card on the page of a test, with what it asked of its host. */
export interface Shown {
	readonly root: HTMLElement;
	readonly calls: CommandCall[];
	readonly opened: string[];
	readonly notes: string[];
	get<E extends Element = HTMLElement>(selector: string): E;
	all<E extends Element = HTMLElement>(selector: string): E[];
	/** The button or link with these words. */
	press(words: string): Promise<void>;
	type(selector: string, value: string): void;
	/** Another release of the card. */
	replace(card: Json): Promise<void>;
	/** The data, loaded again. */
	reload(data: object): Promise<void>;
	end(): Promise<void>;
}

export function show(
	card: Json,
	data: object = {},
	answer: (call: CommandCall) => Json | Promise<Json> = () => ({}),
	locale: Locale = { language: 'en', zone: 'UTC' }
): Shown {
	const root = document.createElement('div');
	document.body.append(root);
	const calls: CommandCall[] = [];
	const opened: string[] = [];
	const notes: string[] = [];
	const host: CardHost = {
		locale,
		href: (url) => (/^([a-z]+:|\/)/i.test(url) ? url : `/home/main/tickets/${url}`),
		run: async (call) => {
			calls.push(call);
			return answer(call);
		},
		open: (url) => opened.push(url),
		notify: (kind, message) => notes.push(`${kind}: ${message}`)
	};
	const props = reactive({ card, data: data as Record<string, unknown>, host });
	const view = mount(CardView, { target: root, props });
	flushSync();
	const all = <E extends Element>(selector: string) => [...root.querySelectorAll<E>(selector)];
	const get = <E extends Element>(selector: string) => {
		const found = root.querySelector<E>(selector);
		if (!found) throw new Error(`nothing matches ${selector} in ${root.innerHTML}`);
		return found;
	};
	return {
		root,
		calls,
		opened,
		notes,
		get,
		all,
		async press(words) {
			const button = all<HTMLElement>('button, a').find((one) => one.textContent.trim() === words);
			if (!button) throw new Error(`no button "${words}" in ${root.textContent}`);
			button.click();
			await settle();
		},
		type(selector, value) {
			const input = get<HTMLInputElement>(selector);
			input.value = value;
			input.dispatchEvent(new Event('input', { bubbles: true }));
			input.dispatchEvent(new Event('change', { bubbles: true }));
			flushSync();
		},
		async replace(next) {
			props.card = next;
			await settle();
		},
		async reload(next) {
			props.data = next as Record<string, unknown>;
			await settle();
		},
		async end() {
			await unmount(view);
			root.remove();
		}
	};
}

/** Lets promises and effects finish. */
export async function settle(): Promise<void> {
	for (let i = 0; i < 5; i++) await Promise.resolve();
	flushSync();
}
