-- CreateTable
CREATE TABLE "Prompt" (
    "id" SERIAL NOT NULL,
    "title" TEXT NOT NULL,
    "body" TEXT NOT NULL,

    CONSTRAINT "Prompt_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "Search" (
    "id" SERIAL NOT NULL,
    "query" TEXT NOT NULL,
    "results" INTEGER NOT NULL,
    "at" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "Search_pkey" PRIMARY KEY ("id")
);

INSERT INTO "Prompt" ("title", "body") VALUES
    ('Summarise', 'Summarise this text in three sentences.'),
    ('Translate', 'Translate this text into plain English.'),
    ('Review', 'Name the three weakest points of this plan.');
