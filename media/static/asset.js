/* A video's page: play the preview, follow the check and the transcoding. */

const video = document.querySelector("[data-preview]");
const following = document.querySelector("[data-asset-progress]");

async function play() {
  const { hls, mp4, hlsScript } = video.dataset;
  if (!hls) {
    video.src = mp4;
    return;
  }
  const { default: Hls } = await import(hlsScript);
  if (!Hls.isSupported()) {
    video.src = hls;
    return;
  }
  const player = new Hls({ enableWorker: false, autoStartLoad: false });
  player.loadSource(hls);
  player.attachMedia(video);
  video.addEventListener("play", () => player.startLoad(), { once: true });
}

async function follow() {
  const answer = await fetch(following.dataset.assetProgress, { headers: { Accept: "application/json" } });
  if (answer.ok) {
    const found = await answer.json();
    following.querySelector("[data-asset-words]").textContent = found.words;
    following.querySelector("[data-asset-figure]").textContent = `${found.progress}%`;
    following.querySelector("progress").value = found.progress;
    if (!found.at_work || (found.playable && !video)) {
      location.reload();
      return;
    }
  }
  setTimeout(follow, 2000);
}

if (video) play();
if (following) follow();
