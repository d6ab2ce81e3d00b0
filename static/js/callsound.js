// What one hears: an audio element a person, and the server's voice.
import { chosen } from './callmedia.js';

// `silent(again)`: the browser plays no sound before a press; `again` is for that press.
export function openSound(box, silent) {
  const players = new Map(); // "3-audio" → element

  function draw(tracks) {
    const heard = new Map([...tracks].filter(([key]) => key.endsWith('-audio')));
    for (const [key, player] of players) {
      if (heard.has(key)) continue;
      player.remove();
      players.delete(key);
    }
    for (const [key, track] of heard) attach(players.get(key) ?? make(key), track);
  }

  function make(key) {
    const player = new Audio();
    player.autoplay = true;
    player.dataset.of = key;
    box.append(player);
    players.set(key, player);
    route(player);
    return player;
  }

  function attach(player, track) {
    if (player.srcObject?.getTracks()[0] !== track) player.srcObject = new MediaStream([track]);
    play();
  }

  function play() {
    for (const player of players.values()) {
      if (player.paused) player.play().catch((error) => error.name === 'NotAllowedError' && silent(play));
    }
  }

  return { draw, play, reroute: () => players.forEach(route) };
}

function route(player) {
  const { speaker } = chosen();
  if (player.setSinkId && player.sinkId !== speaker) player.setSinkId(speaker).catch(() => {}); // unplugged: the usual one
}
