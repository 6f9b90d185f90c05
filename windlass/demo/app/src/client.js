const health = await (await fetch("/api/health")).json();
document.getElementById("answer").textContent = `It was answered by commit ${health.commit.slice(0, 7)}.`;
