// Where the customers' pages begin: the page of one case, a form, or the frame of a chat on somebody's site.
import { startChat } from './chat.js';
import { writeTimes } from './parts.js';
import { startTalk } from './talk.js';

const { place, pass } = document.body.dataset;

writeTimes(document);
if (place === 'page') startTalk(pass);
if (place === 'chat') startChat();
