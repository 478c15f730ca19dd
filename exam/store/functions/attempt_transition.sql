CREATE OR REPLACE FUNCTION public.attempt_transition()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
  IF (OLD.state, NEW.state) IN (('open', 'submitted'), ('open', 'finalised'), ('open', 'annulled'), ('submitted', 'scored'),
      ('submitted', 'annulled'), ('finalised', 'scored'), ('finalised', 'annulled'), ('scored', 'annulled'))
     OR (OLD.state IN ('submitted', 'finalised', 'scored') AND NEW.state = 'open' AND NEW.reopened = OLD.reopened + 1) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'attempt % cannot go from % to %', OLD.id, OLD.state, NEW.state USING ERRCODE = 'check_violation';
END $function$;

CREATE TRIGGER attempt_transition BEFORE UPDATE OF state ON public.attempt FOR EACH ROW WHEN (((old.state)::text IS DISTINCT FROM (new.state)::text)) EXECUTE FUNCTION attempt_transition();
