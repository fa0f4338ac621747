import type { TimeFormat } from '../time/time-text.ts';

/** Text of a card, parsed into nodes; it is never turned into HTML text. */
export type Inline =
	| { readonly kind: 'text'; readonly text: string }
	| { readonly kind: 'strong'; readonly children: readonly Inline[] }
	| { readonly kind: 'emphasis'; readonly children: readonly Inline[] }
	| { readonly kind: 'link'; readonly href: string; readonly children: readonly Inline[] }
	| { readonly kind: 'break' }
	/** `{{DATE(…)}}` and `{{TIME(…)}}`: shown in the reader's own time zone and language. */
	| { readonly kind: 'time'; readonly at: string; readonly show: TimeFormat };

export type Block =
	| { readonly kind: 'paragraph'; readonly children: readonly Inline[] }
	| {
			readonly kind: 'list';
			readonly start: number | undefined;
			readonly items: readonly (readonly Inline[])[];
	  };

/** A text without any marks stays a string. */
export type Content = string | readonly Block[];
